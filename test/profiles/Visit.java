// As visit.mjs, by HttpsURLConnection. The CA is in a trust store, which a system property names.
import java.net.URI;
import javax.net.ssl.HttpsURLConnection;

public class Visit {
    public static void main(String[] ports) throws Exception {
        for (String port : ports) {
            try {
                URI address = URI.create("https://localhost:" + port + "/");
                HttpsURLConnection connection = (HttpsURLConnection) address.toURL().openConnection();
                connection.setReadTimeout(5000);
                connection.getResponseCode();
                System.out.println(port + " yes");
            } catch (Exception error) {
                System.out.println(port + " no " + error.getMessage());
            }
        }
    }
}
